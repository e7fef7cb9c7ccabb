export {
  type ChecksumOptions,
  ImageServer,
  type PathBehaviour,
  type RecordedRequest,
} from './image-server/image-server.ts';
export { ensureTinyGuest, type TinyGuest, type TinyGuestOptions } from './tiny-guest/tiny-guest.ts';
