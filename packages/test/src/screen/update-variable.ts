/** Any value has every picture written again that does not match; `goqemu test --update-images` sets it. */
export const updateVariable = 'GOQEMU_UPDATE_IMAGES';
