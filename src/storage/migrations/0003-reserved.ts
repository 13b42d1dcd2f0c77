/** Taken by the alarms, which are made elsewhere: nothing is done here. */
export const name = 'reserved';
export const isBreaking = false;

export async function up(): Promise<void> {}
