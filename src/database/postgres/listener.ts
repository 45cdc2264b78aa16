import type { Listener } from '../driver.ts'
import { id, sql } from '../sql.ts'
import { Channel } from './channel.ts'
import type { Connected } from './connect.ts'
import { Script } from './exchange.ts'

/** Makes a connection listen on a channel (PostgreSQL manual, LISTEN); it does nothing else. */
export async function listenOn(
  connected: Connected,
  channelName: string,
  onMessage: (payload: string) => void,
  onClose: (listener: PostgresListener) => void,
): Promise<PostgresListener> {
  const channel = new Channel(connected.client, connected.settings, {})
  connected.client.on('notification', ({ channel: from, payload }) => {
    if (from === channelName) onMessage(payload ?? '')
  })
  try {
    const text = sql`listen ${id(channelName)}`.inline('postgres')
    await channel.run(new Script(text), text)
    return new PostgresListener(channel, onClose)
  } catch (error) {
    await channel.close()
    throw error
  }
}

/** A connection that listens. */
export class PostgresListener implements Listener {
  readonly lost: AbortSignal
  readonly #channel: Channel
  readonly #onClose: (listener: PostgresListener) => void

  constructor(channel: Channel, onClose: (listener: PostgresListener) => void) {
    this.lost = channel.lostSignal()
    this.#channel = channel
    this.#onClose = onClose
  }

  async close(): Promise<void> {
    await this.#channel.close()
    this.#onClose(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
