import { readFile } from 'node:fs/promises'
import { MetastoreError } from '../../errors.ts'
import type { DatabaseSettings } from '../../project/project.ts'
import type { Secrets } from '../../secrets/redaction.ts'
import type { BackgroundOptions } from '../../server/server.ts'

/** How the settings say that messages are sent to webhooks. From now on no output shows their secret. Throws `key_source_failed`, `usage`. */
export async function webhookSettings(
  settings: Pick<DatabaseSettings, 'serverWebhookSecretFile' | 'serverWebhookPrivate' | 'serverWebhookBase'>,
  secrets: Pick<Secrets, 'add'>,
): Promise<BackgroundOptions['webhooks']> {
  const { serverWebhookSecretFile: file, serverWebhookPrivate: allowPrivate, serverWebhookBase: base } = settings
  if (base !== null && !/^https?:\/\//.test(base)) {
    throw new MetastoreError({
      code: 'usage',
      message: `server_webhook_base cannot be ${JSON.stringify(base)}.`,
      remedy: 'Write a URL with http or https.',
    })
  }
  const secret = file === null ? undefined : await readSecret(file)
  secrets.add(secret)
  return { secret, allowPrivate, ...(base !== null && { base }) }
}

async function readSecret(file: { readonly path: string; readonly absolute: string }): Promise<string> {
  const remedy = 'Write at least 16 characters into the file that server_webhook_secret_file names.'
  const text = await readFile(file.absolute, 'utf8').catch((cause: unknown) => {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    const message = `The secret of webhooks cannot be read: ${reason}.`
    throw new MetastoreError({ code: 'key_source_failed', message, where: file.path, remedy, cause })
  })
  const secret = text.trim()
  if (secret.length >= 16) return secret
  const message = 'The secret of webhooks has fewer than 16 characters.'
  throw new MetastoreError({ code: 'key_source_failed', message, where: file.path, remedy })
}
