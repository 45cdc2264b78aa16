/** What is said of an environment variable that a cell asks for. */
export function variableMissing(name: string) {
  return {
    message: `The environment variable ${name} is not set.`,
    remedy: 'Set it, in the environment or in .env, or give a default beside $env.',
  }
}

/** What is said of a value that is to be encrypted where there is no key. */
export const noKey = {
  message: 'There is no key to encrypt this value with.',
  remedy: 'Set FERNET_KEY; metastore keys generate makes one.',
}
