import type { ServerLog } from './requests/request-log.ts'

/**
 * Graphs are other people's code: a promise that one of them forgets would, by Node's default, end the process, and with it the
 * runs of every tenant; and whichever server takes the run over next. Such a failure is logged instead, and the server goes on, since
 * what nobody waits for leaves nothing half done. What is thrown outside of any promise still ends the process, after its line in
 * the log: after that nobody knows what is left half done.
 */
export function logStrayFailures(log: ServerLog): Disposable {
  const onRejection = (reason: unknown): void => log.failure(reason, { source: 'unhandled rejection' })
  const onException = (error: unknown, source: string): void => {
    if (source === 'uncaughtException') log.failure(error, { source: 'uncaught exception' })
  }
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtExceptionMonitor', onException)
  return {
    [Symbol.dispose]() {
      process.off('unhandledRejection', onRejection)
      process.off('uncaughtExceptionMonitor', onException)
    },
  }
}
