import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
    globalSetup: ['test/harness/postgres-servers.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // A condition that is waited for has as long as its test; a busy machine must not decide.
    expect: { poll: { timeout: 100_000 } },
    teardownTimeout: 30_000,
    reporters: ['default'],
  },
})
