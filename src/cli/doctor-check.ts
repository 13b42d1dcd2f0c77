/** One line of the doctor's checklist, and what was found. */
export interface Finding {
  readonly state: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do about it. */
  readonly whatToDo?: string;
}

export interface Check {
  readonly name: string;
  readonly run: () => Promise<Finding> | Finding;
}
