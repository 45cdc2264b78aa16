import packageFile from '../package.json' with { type: 'json' }

/** The version of this package, as in package.json; the history records it. */
export const toolVersion: string = packageFile.version
