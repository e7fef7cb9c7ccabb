/** What downloads and builds, in one file of the bundle: an image that is here loads none of it. */
export { buildDebianImage } from '../build/build-debian-image.ts';
export { copiedBytes } from '../cache/copy-image.ts';
export { inspectImage } from '../format/inspect-image.ts';
export { chooseFetch } from './fetch-choice.ts';
export { ImageFetcher } from './image-fetcher.ts';
