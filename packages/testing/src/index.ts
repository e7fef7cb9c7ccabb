export { ensureTinyGuest, type TinyGuest, type TinyGuestOptions } from './tiny-guest/tiny-guest.ts';
