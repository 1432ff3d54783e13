// An error that is the user's to mend: its message is one clear line that says what is wrong and what to do, and
// it is shown without a stack.

export class Complaint extends Error {
  override name = "Complaint";
}
