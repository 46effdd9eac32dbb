/** Preloaded: this process finds no compiled @zk/native, as after an install whose build failed. */
const Module = require('node:module')

const load = Module._extensions['.node']
Module._extensions['.node'] = (module, file) => {
  if (/zk.?native|packages.native/.test(file))
    throw Object.assign(new Error(`Cannot find ${file}`), { code: 'MODULE_NOT_FOUND' })
  return load(module, file)
}
