export default { setup() {} }
