import type { BackendCall } from '@goqemu/lab';
import type { VmCall } from '@goqemu/vm';

export function vmCall(call: BackendCall): VmCall {
  return { signal: call.signal, onProgress: call.progress };
}
