/** Thrown by a command's handler: becomes the error of its reply. */
export class FakeQmpError extends Error {
  readonly errorClass: string;

  constructor(description: string, errorClass = 'GenericError') {
    super(description);
    this.errorClass = errorClass;
  }
}

export function commandNotFound(command: string): FakeQmpError {
  return new FakeQmpError(`The command ${command} has not been found`, 'CommandNotFound');
}
