import type { RunnableConfig } from '@langchain/core/runnables'

/** A text in `config.configurable`, whose values LangGraph leaves untyped. */
export function configurableText(config: RunnableConfig, name: string): string | undefined {
  const values = config.configurable as Readonly<Record<string, unknown>> | undefined
  const value = values?.[name]
  return typeof value === 'string' ? value : undefined
}
