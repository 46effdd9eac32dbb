const silent = () => {}

/** Warnings and errors only, on stderr: stdout carries figures. */
export const quietLogger = {
  trace: silent,
  debug: silent,
  info: silent,
  warn: console.error,
  error: console.error,
  fatal: console.error,
}
