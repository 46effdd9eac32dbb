import 'does-not-exist'

export default { process() {} }
