import { testDebianRelease } from './debian-release.ts';

testDebianRelease('debian-sid', 'sid');
