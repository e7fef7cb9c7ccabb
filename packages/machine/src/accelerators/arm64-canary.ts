import { assemble } from './listing.ts';

/**
 * The canary for 64-bit ARM: floating point, page tables and caches on, an exception and the way back, exclusive
 * access to memory. It begins at address 0 in EL1, as firmware of QEMU's virt board does, says OK on the serial port
 * and switches the machine off.
 *
 * Each line holds the bytes of one instruction (Arm Architecture Reference Manual, A64) and what they mean.
 */
const listing = `
; The vector unit on.
40 10 38 d5   mrs x0, CPACR_EL1
01 06 a0 d2   movz x1, #0x30, lsl #16
00 00 01 aa   orr x0, x0, x1
40 10 18 d5   msr CPACR_EL1, x0
df 3f 03 d5   isb
; Page tables at 0x40000000: the first GiB (flash, devices) not cached, the second (memory) cached.
0a 00 a8 d2   movz x10, #0x4000, lsl #16
a0 80 80 d2   movz x0, #0x405
40 01 00 f9   str x0, [x10, #0]
20 e0 80 d2   movz x0, #0x701
00 00 a8 f2   movk x0, #0x4000, lsl #16
40 05 00 f9   str x0, [x10, #8]
e0 9f 88 d2   movz x0, #0x44ff
00 a2 18 d5   msr MAIR_EL1, x0
00 a4 86 d2   movz x0, #0x3520
00 10 a0 f2   movk x0, #0x80, lsl #16
40 20 18 d5   msr TCR_EL1, x0
0a 20 18 d5   msr TTBR0_EL1, x10
; Translations flushed; MMU and caches on.
9f 3f 03 d5   dsb sy
1f 87 08 d5   tlbi vmalle1
1f 75 08 d5   ic iallu
9f 3f 03 d5   dsb sy
df 3f 03 d5   isb
00 10 38 d5   mrs x0, SCTLR_EL1
a1 00 82 d2   movz x1, #0x1005
00 00 01 aa   orr x0, x0, x1
00 10 18 d5   msr SCTLR_EL1, x0
df 3f 03 d5   isb
; An exception and the way back: the handler counts in x9.
00 00 81 d2   movz x0, #0x800
00 c0 18 d5   msr VBAR_EL1, x0
df 3f 03 d5   isb
09 00 80 d2   movz x9, #0x0
01 00 00 d4   svc #0
3f 05 00 f1   cmp x9, #1
41 02 00 54   b.ne fail
; 7 × 7 in floating point must be 49.
00 90 63 1e   fmov d0, #7.0
01 08 60 1e   fmul d1, d0, d0
22 00 78 9e   fcvtzs x2, d1
5f c4 00 f1   cmp x2, #49
a1 01 00 54   b.ne fail
; Exclusive access to memory; the clock.
43 7d 5f c8   ldxr x3, [x10]
43 7d 04 c8   stxr w4, x3, [x10]
c4 ff ff 35   cbnz w4, retry
45 e0 3b d5   mrs x5, CNTVCT_EL0
; Say OK on the serial port at 0x9000000; PSCI SYSTEM_OFF.
06 20 a1 d2   movz x6, #0x900, lsl #16
e7 09 80 d2   movz x7, #0x4f
c7 00 00 b9   str w7, [x6, #0]
67 09 80 d2   movz x7, #0x4b
c7 00 00 b9   str w7, [x6, #0]
00 01 80 d2   movz x0, #0x8
00 80 b0 f2   movk x0, #0x8400, lsl #16
02 00 00 d4   hvc #0
; It stays here where a value was wrong.
00 00 00 14   b .
`;

/** The entry of a synchronous exception taken in EL1 lies 0x200 into the vector table, which is at 0x800. */
const handler = `
29 05 00 91   add x9, x9, #1
e0 03 9f d6   eret
`;

export function arm64CanaryFirmware(): Buffer {
  const rom = Buffer.alloc(0x1000);
  assemble(listing).copy(rom);
  assemble(handler).copy(rom, 0x800 + 0x200);
  return rom;
}
