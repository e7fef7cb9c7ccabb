/** Becomes the error of a reply of the fake guest agent. */
export class AgentError extends Error {
  readonly errorClass: string;

  constructor(description: string, errorClass = 'GenericError') {
    super(description);
    this.errorClass = errorClass;
  }
}
