/** For the project's own packages above this one. Not covered by semantic versioning. */
export { isBareKey } from './bare-key.js'
export { didYouMean } from './did-you-mean.js'
