export default { process(): void {} }
