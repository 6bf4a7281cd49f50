/** What a compose file asks for and does not get; the message is for its author. */
export class ComposeRefused extends Error {
  override readonly name = "ComposeRefused";
}
