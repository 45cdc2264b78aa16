import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import type { HashAlgorithm } from '../format/cell.ts'

/** What hashes a password and tells whether a stored hash is of it. Its library is loaded when it is used. */
export interface PasswordHash {
  hash(password: string, cost: number): Promise<string>
  verify(password: string, stored: string): Promise<boolean>
}

/** The ways to hash, each stored in the form that other programs read. */
export const passwordHashes: Readonly<Record<HashAlgorithm, PasswordHash>> = {
  bcrypt: {
    hash: async (password, cost) => (await import('@node-rs/bcrypt')).hash(password, { cost }),
    verify: async (password, stored) =>
      /^\$2[abxy]\$/.test(stored) && (await (await import('@node-rs/bcrypt')).verify(password, stored)),
  },
  argon2id: {
    hash: async (password) => (await import('@node-rs/argon2')).hash(password),
    verify: async (password, stored) =>
      stored.startsWith('$argon2id$') && (await (await import('@node-rs/argon2')).verify(stored, password)),
  },
  scrypt: {
    async hash(password) {
      const salt = randomBytes(16)
      const key = await derive(password, salt, usual)
      const { log2, blocks, parallel } = usual
      return `$scrypt$ln=${log2},r=${blocks},p=${parallel}$${base64(salt)}$${base64(key)}`
    },
    async verify(password, stored) {
      const parts = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w+/]+)\$([\w+/]+)$/.exec(stored)
      if (parts === null) return false
      const [log2, blocks, parallel] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
      if (log2 > 20) return false
      const expected = Buffer.from(parts[5] ?? '', 'base64')
      const key = await derive(password, Buffer.from(parts[4] ?? '', 'base64'), { log2, blocks, parallel })
      return expected.length === key.length && timingSafeEqual(expected, key)
    },
  },
}

/** What bcrypt takes into account of a password, in bytes; the rest would be ignored in silence. */
export const bcryptLimit = 72

interface ScryptCost {
  readonly log2: number
  readonly blocks: number
  readonly parallel: number
}

const usual: ScryptCost = { log2: 15, blocks: 8, parallel: 1 }

function derive(password: string, salt: Buffer, { log2, blocks, parallel }: ScryptCost): Promise<Buffer> {
  const options = { N: 2 ** log2, r: blocks, p: parallel, maxmem: 256 * 2 ** log2 * blocks }
  return new Promise((resolve, reject) => {
    scrypt(password, salt, 32, options, (error, key) => (error === null ? resolve(key) : reject(error)))
  })
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
