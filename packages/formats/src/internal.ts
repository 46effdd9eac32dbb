/** For the project's own packages above this one. Not covered by semantic versioning. */
export { didYouMean } from './did-you-mean.js'
