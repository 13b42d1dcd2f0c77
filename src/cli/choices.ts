/** The words that the command line offers, apart from the commands, so that to offer them loads no command. */

export const ALARM_ACTIONS = ['list', 'test'] as const;
export const AUDIT_ACTIONS = ['list', 'verify'] as const;
export const WEBHOOK_ACTIONS = ['list', 'register', 'repair', 'remove'] as const;
/** Instead of a day or a category: there shall be none. */
export const NONE = 'none';
