import { testDebianRelease } from './debian-release.ts';

// sid has the code name of the release in the making.
testDebianRelease('debian-sid', /\/sid$/);
