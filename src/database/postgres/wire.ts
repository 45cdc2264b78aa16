import type { Socket } from 'node:net'
import type { Client } from 'pg'

/** What a column of a result is called, and the number of its type. */
export interface Column {
  readonly name: string
  readonly dataTypeID: number
}

/** A value as it goes over the wire. */
export type WireValue = string | Buffer | null

/** The part of pg's connection that speaks the protocol; pg has no types for it. */
export interface Wire {
  readonly stream: Socket
  query(text: string): void
  parse(message: { readonly text: string; readonly name?: string }): void
  bind(message: { readonly portal?: string; readonly statement?: string; readonly values: readonly WireValue[] }): void
  describe(message: { readonly type: 'P'; readonly name: string }): void
  execute(message: { readonly portal: string; readonly rows: number }): void
  close(message: { readonly type: 'P' | 'S'; readonly name: string }): void
  sync(): void
  cancel(processId: number, secretKey: number): void
  requestSsl(): void
  connect(port: number | string, host?: string): void
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sendCopyFail(reason: string): void
  once(event: 'end' | 'readyForQuery' | 'error' | 'connect' | 'sslconnect', listener: (value: unknown) => void): void
  on(event: 'parameterStatus', listener: (status: { parameterName: string; parameterValue: string }) => void): void
  on(event: 'authenticationSASL', listener: (offer: { readonly mechanisms: readonly string[] }) => void): void
  on(event: 'error', listener: (error: unknown) => void): void
  removeListener(event: string, listener: (value: unknown) => void): void
}

/** How a session stands: outside a transaction, in one, or in one that has failed. */
export type TransactionStatus = 'I' | 'T' | 'E' | null

/** What a client keeps besides what its types say. */
export interface Internals {
  readonly connection: Wire
  readonly processID: number | null
  readonly secretKey: number | null
  getTransactionStatus(): TransactionStatus
}

/** The inside of a client: the protocol, which the exchanges of this folder speak themselves. */
export function internals(client: Client): Internals {
  return client as unknown as Internals
}
