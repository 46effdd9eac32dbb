export default { preProcessing: () => ({ mark: '!' }) }
