/** goqemu/testing: fakes that behave as documented, for tests of labs and of programs on goqemu. */
export * from '@goqemu/testing/public';
