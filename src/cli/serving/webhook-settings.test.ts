import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { webhookSettings } from './webhook-settings.ts'

const none = { serverWebhookSecretFile: null, serverWebhookPrivate: false, serverWebhookBase: null }

test('the secret of webhooks is read from its file, and a short one, or none, is refused', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'webhook-settings-'))
  try {
    const at = (name: string) => {
      const absolute = path.join(directory, name)
      return { ...none, serverWebhookSecretFile: { absolute, path: name } }
    }
    const known: unknown[] = []
    const secrets = { add: (secret: unknown) => void known.push(secret) }
    await writeFile(path.join(directory, 'good'), 'sixteen letters.\n')
    await writeFile(path.join(directory, 'short'), 'short\n')
    expect(await webhookSettings(at('good'), secrets)).toEqual({ secret: 'sixteen letters.', allowPrivate: false })
    expect(known).toEqual(['sixteen letters.'])
    await expect(webhookSettings(at('short'), secrets)).rejects.toMatchObject({
      code: 'key_source_failed',
      message: 'The secret of webhooks has fewer than 16 characters.',
    })
    await expect(webhookSettings(at('missing'), secrets)).rejects.toMatchObject({
      code: 'key_source_failed',
      message: 'The secret of webhooks cannot be read: ENOENT.',
      where: 'missing',
    })
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('the base of webhooks is a URL', async () => {
  const base = 'https://app.example.com/in'
  expect(await webhookSettings({ ...none, serverWebhookBase: base }, { add() {} })).toEqual({
    secret: undefined,
    allowPrivate: false,
    base,
  })
  await expect(webhookSettings({ ...none, serverWebhookBase: '/in' }, { add() {} })).rejects.toMatchObject({
    code: 'usage',
    message: 'server_webhook_base cannot be "/in".',
  })
})
