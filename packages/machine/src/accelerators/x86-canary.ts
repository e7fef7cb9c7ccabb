import { assemble } from './listing.ts';

/**
 * A program of 822 bytes that does, in the first milliseconds of a machine, what a Linux kernel does in its first
 * instructions on x86-64: it enters long mode with paging, runs in the top half of the address space, takes an
 * exception, sets the MSRs of SYSCALL and of GS, multiplies in SSE, and goes to user mode and back. An accelerator
 * that cannot run it cannot run Linux. It is the machine's whole firmware, at 0xf0000.
 *
 * Each line holds the bytes of one instruction (Intel SDM, volume 2) and what they mean.
 */
const listing = `
; Real mode, from the reset vector: no interrupts; load the descriptors; protected mode.
fa                                  cli
fc                                  cld
2e 66 0f 01 16 30 03                lgdtd cs:0x330
0f 20 c0                            mov eax,cr0
0c 01                               or al,0x1
0f 22 c0                            mov cr0,eax
66 ea 19 00 0f 00 08 00             jmp 0x8:0xf0019
; 32 bit: flat segments, then page tables at 0x1000: the first 2 MiB at 0 and at the top (where Linux lives), the APIC.
66 b8 10 00                         mov ax,0x10
8e d8                               mov ds,eax
8e c0                               mov es,eax
8e d0                               mov ss,eax
bc 00 80 00 00                      mov esp,0x8000
bf 00 10 00 00                      mov edi,0x1000
31 c0                               xor eax,eax
b9 00 14 00 00                      mov ecx,0x1400
f3 ab                               rep stos DWORD PTR es:[edi],eax
c7 05 00 10 00 00 07 20 00 00       mov DWORD PTR ds:0x1000,0x2007
c7 05 f8 1f 00 00 07 20 00 00       mov DWORD PTR ds:0x1ff8,0x2007
c7 05 00 20 00 00 07 30 00 00       mov DWORD PTR ds:0x2000,0x3007
c7 05 f0 2f 00 00 07 30 00 00       mov DWORD PTR ds:0x2ff0,0x3007
c7 05 00 30 00 00 87 00 00 00       mov DWORD PTR ds:0x3000,0x87
c7 05 18 20 00 00 07 40 00 00       mov DWORD PTR ds:0x2018,0x4007
c7 05 b8 4f 00 00 9f 00 e0 fe       mov DWORD PTR ds:0x4fb8,0xfee0009f
; CPUID must offer long mode; PAE, global pages and SSE; EFER.LME and SCE; paging on.
b8 01 00 00 80                      mov eax,0x80000001
0f a2                               cpuid
0f ba e2 1d                         bt edx,0x1d
73 36                               jae 0xbf
0f 20 e0                            mov eax,cr4
0d a0 06 00 00                      or eax,0x6a0
0f 22 e0                            mov cr4,eax
b8 00 10 00 00                      mov eax,0x1000
0f 22 d8                            mov cr3,eax
b9 80 00 00 c0                      mov ecx,0xc0000080
0f 32                               rdmsr
0d 01 01 00 00                      or eax,0x101
0f 30                               wrmsr
0f 20 c0                            mov eax,cr0
0d 22 00 01 80                      or eax,0x80010022
83 e0 fb                            and eax,0xfffffffb
0f 22 c0                            mov cr0,eax
ea c4 00 0f 00 18 00                jmp 0x18:0xf00c4
; It ends here with code 1 where there is no long mode.
b0 01                               mov al,0x1
e6 f4                               out 0xf4,al
f4                                  hlt
; 64 bit: jump to the top half, as the kernel does.
48 b8 d0 00 0f 80 ff ff ff ff       movabs rax,0xffffffff800f00d0
ff e0                               jmp rax
; The GDT is copied to RAM, so that its TSS can be marked busy; far return into it.
48 8d 1d 29 ff ff ff                lea rbx,[rip+0xffffffffffffff29]
48 8d 35 0a 02 00 00                lea rsi,[rip+0x20a]
bf 00 60 00 00                      mov edi,0x6000
b9 09 00 00 00                      mov ecx,0x9
f3 48 a5                            rep movs QWORD PTR es:[rdi],QWORD PTR ds:[rsi]
66 c7 04 25 00 61 00 00 47 00       mov WORD PTR ds:0x6100,0x47
48 c7 04 25 02 61 00 00 00 60 00 00 mov QWORD PTR ds:0x6102,0x6000
0f 01 14 25 00 61 00 00             lgdt ds:0x6100
48 8d 05 05 00 00 00                lea rax,[rip+0x5]
6a 18                               push 0x18
50                                  push rax
48 cb                               retfq
; Null segments; an IDT with one gate, for the invalid opcode with which Linux marks WARN and BUG; take one.
31 c0                               xor eax,eax
8e d8                               mov ds,eax
8e c0                               mov es,eax
8e d0                               mov ss,eax
8e e0                               mov fs,eax
8e e8                               mov gs,eax
48 8d 05 ae 01 00 00                lea rax,[rip+0x1ae]
66 89 04 25 60 70 00 00             mov WORD PTR ds:0x7060,ax
66 c7 04 25 62 70 00 00 18 00       mov WORD PTR ds:0x7062,0x18
66 c7 04 25 64 70 00 00 00 8e       mov WORD PTR ds:0x7064,0x8e00
48 c1 e8 10                         shr rax,0x10
66 89 04 25 66 70 00 00             mov WORD PTR ds:0x7066,ax
48 c1 e8 10                         shr rax,0x10
89 04 25 68 70 00 00                mov DWORD PTR ds:0x7068,eax
c7 04 25 6c 70 00 00 00 00 00 00    mov DWORD PTR ds:0x706c,0x0
66 c7 04 25 10 61 00 00 6f 00       mov WORD PTR ds:0x6110,0x6f
48 c7 04 25 12 61 00 00 00 70 00 00 mov QWORD PTR ds:0x6112,0x7000
0f 01 1c 25 10 61 00 00             lidt ds:0x6110
0f 0b                               ud2
; Task register; the bases of GS and swapgs, whose order is proven by a write.
66 b8 38 00                         mov ax,0x38
0f 00 d8                            ltr ax
b9 01 01 00 c0                      mov ecx,0xc0000101
b8 00 50 00 00                      mov eax,0x5000
31 d2                               xor edx,edx
0f 30                               wrmsr
b9 02 01 00 c0                      mov ecx,0xc0000102
b8 00 51 00 00                      mov eax,0x5100
0f 30                               wrmsr
0f 01 f8                            swapgs
65 c7 04 25 00 00 00 00 51 00 00 00 mov DWORD PTR gs:0x0,0x51
0f 01 f8                            swapgs
83 3c 25 00 51 00 00 51             cmp DWORD PTR ds:0x5100,0x51
0f 85 16 01 00 00                   jne 0x2dd
; The MSRs of SYSCALL and of the page attributes.
b9 81 00 00 c0                      mov ecx,0xc0000081
31 c0                               xor eax,eax
ba 18 00 20 00                      mov edx,0x200018
0f 30                               wrmsr
48 8d 05 e4 00 00 00                lea rax,[rip+0xe4]
48 89 c2                            mov rdx,rax
48 c1 ea 20                         shr rdx,0x20
b9 82 00 00 c0                      mov ecx,0xc0000082
0f 30                               wrmsr
b9 84 00 00 c0                      mov ecx,0xc0000084
b8 00 77 04 00                      mov eax,0x47700
31 d2                               xor edx,edx
0f 30                               wrmsr
0f 32                               rdmsr
3d 00 77 04 00                      cmp eax,0x47700
0f 85 d8 00 00 00                   jne 0x2dd
b9 77 02 00 00                      mov ecx,0x277
0f 32                               rdmsr
0f 30                               wrmsr
; Flush one translation, all but the global ones, and all; clear the debug register.
0f 01 3c 25 00 50 00 00             invlpg BYTE PTR ds:0x5000
0f 20 d8                            mov rax,cr3
0f 22 d8                            mov cr3,rax
0f 20 e0                            mov rax,cr4
48 89 c2                            mov rdx,rax
24 7f                               and al,0x7f
0f 22 e0                            mov cr4,rax
0f 22 e2                            mov cr4,rdx
0f 23 fd                            mov dr7,rbp
; Vector unit: save, convert, multiply (7 × 7 must be 49), load.
0f 06                               clts
db e3                               fninit
0f ae 04 25 00 52 00 00             fxsave ds:0x5200
b8 07 00 00 00                      mov eax,0x7
f2 0f 2a c0                         cvtsi2sd xmm0,eax
66 0f 28 c8                         movapd xmm1,xmm0
f2 0f 59 c8                         mulsd xmm1,xmm0
66 0f 7f 0c 25 00 54 00 00          movdqa XMMWORD PTR ds:0x5400,xmm1
f2 0f 2c 04 25 00 54 00 00          cvttsd2si eax,QWORD PTR ds:0x5400
83 f8 31                            cmp eax,0x31
75 7c                               jne 0x2dd
0f ae 0c 25 00 52 00 00             fxrstor ds:0x5200
; What memset and the atomics compile to; the clock; the caches.
bf 00 58 00 00                      mov edi,0x5800
b9 40 00 00 00                      mov ecx,0x40
b8 11 00 00 00                      mov eax,0x11
f3 48 ab                            rep stos QWORD PTR es:[rdi],rax
f0 48 0f c1 04 25 00 58 00 00       lock xadd QWORD PTR ds:0x5800,rax
f0 48 0f b1 14 25 00 58 00 00       lock cmpxchg QWORD PTR ds:0x5800,rdx
0f 31                               rdtsc
0f 09                               wbinvd
; Local APIC: its version must not be 0; set the task priority.
b8 30 00 e0 fe                      mov eax,0xfee00030
8b 00                               mov eax,DWORD PTR [rax]
84 c0                               test al,al
74 3f                               je 0x2dd
b8 80 00 e0 fe                      mov eax,0xfee00080
c7 00 10 00 00 00                   mov DWORD PTR [rax],0x10
; To user mode and back.
48 8d 0d 09 00 00 00                lea rcx,[rip+0x9]
41 bb 02 00 00 00                   mov r11d,0x2
48 0f 07                            sysretq
b8 5a 00 00 00                      mov eax,0x5a
0f 05                               syscall
83 f8 5a                            cmp eax,0x5a
75 18                               jne 0x2dd
; Say OK on the debug port (for a person with -debugcon), and end with code 0x10.
b8 4f 4b 00 00                      mov eax,0x4b4f
e6 e9                               out 0xe9,al
c1 e8 08                            shr eax,0x8
e6 e9                               out 0xe9,al
b0 10                               mov al,0x10
e6 f4                               out 0xf4,al
f4                                  hlt
; The gate: step over ud2.
48 83 04 24 02                      add QWORD PTR [rsp],0x2
48 cf                               iretq
; It ends here with code 2 where a value was wrong.
b0 02                               mov al,0x2
e6 f4                               out 0xf4,al
f4                                  hlt
; Padding.
66 0f 1f 44 00 00                   nop WORD PTR [rax+rax*1+0x0]
; GDT at 0x2e8: null, code 32, data 32, code 64, data, user data, user code 64, TSS (16 bytes).
00 00 00 00 00 00 00 00
ff ff 00 00 00 9b cf 00
ff ff 00 00 00 93 cf 00
ff ff 00 00 00 9b af 00
ff ff 00 00 00 93 cf 00
ff ff 00 00 00 f3 cf 00
ff ff 00 00 00 fb af 00
67 00 00 50 00 89 00 00
00 00 00 00 00 00 00 00
; What LGDT reads in real mode: limit and address.
47 00 e8 02 0f 00
`;

/** Bytes of a BIOS image: the last 16 are where the processor begins (Intel SDM, volume 3, “First Instruction”). */
const romSize = 0x10000;

export function x86CanaryFirmware(): Buffer {
  const rom = Buffer.alloc(romSize);
  assemble(listing).copy(rom);
  assemble('ea 00 00 00 f0  jmp 0xf000:0').copy(rom, romSize - 16);
  return rom;
}

/** QEMU's isa-debug-exit ends with twice the written value plus one. */
export const canaryExitCode = 0x10 * 2 + 1;
