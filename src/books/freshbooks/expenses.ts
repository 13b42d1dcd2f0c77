import { Failure } from '#core/failure.ts';
import type { Receipt } from '#core/ledger.ts';
import * as money from '#core/money.ts';
import { addDays } from '#core/time.ts';
import type { Money } from '#core/money.ts';
import type { Answer } from '#net/request.ts';
import type { Standing, Task } from '#pipeline/ports.ts';
import { expectDone } from './api.ts';
import type { Api } from './api.ts';
import { readExpenseCategories } from './categories.ts';
import { proofOf } from './invoice-reading.ts';
import { scan } from './listing.ts';
import { writeWhatIsTaken } from './writing.ts';
import { assertOurs, expenseBody, isMarked, markerOf } from './mapping.ts';
import { expenseIn, expensesIn, needAmount } from './payload.ts';
import type { ReadExpense } from './payload.ts';
import { foldTotals } from './taxes.ts';

/** Refunds and fees as expenses of their day: found again by our mark in the notes. */

type ExpenseTask = Extract<Task, { kind: 'expense' }>;

/** Ten thousand expenses: more than anybody has in three days, and than most have in the months that are looked through after a restore. */
const PAGES_MAX = 100;
/** Where another day is possible: a settlement takes weeks, and closed days move an expense on by months. */
const DAYS_BEFORE = 180;
/** Of categories that there are, so many are named. */
const NAMES_SHOWN = 20;

export async function findExpense(api: Api, task: ExpenseTask): Promise<Standing> {
  const { step, isDatedAnew = false } = task;
  let marked: ReadExpense | undefined;
  let lookalike: ReadExpense | undefined;
  const listing = {
    path: 'expenses/expenses',
    query: isDatedAnew
      ? ([['search[date_min]', addDays(step.spentOn, -DAYS_BEFORE)]] as const)
      : ([
          ['search[date_min]', addDays(step.spentOn, -1)],
          ['search[date_max]', addDays(step.spentOn, 2)],
        ] as const),
    read: expensesIn,
    doing: `Looking for the expense of ${step.invoiceNumber}`,
    pagesMax: PAGES_MAX,
  };
  const end = await scan(api, listing, (expense) => {
    if (expense.visibility === 'deleted') {
      return 'go-on';
    }
    if (expense.notes.includes(markerOf(step.reference))) {
      marked = expense;
      return 'stop';
    }
    if (isAlike(task, expense)) {
      lookalike = expense;
    }
    return 'go-on';
  });
  // Where a restore may have forgotten it, the fees of its settlement may have grown since: what it is now is told.
  const isExplained = isDatedAnew && marked?.amount?.currency === step.amount.currency;
  const isSame = marked?.amount !== undefined && money.equal(marked.amount, step.amount);
  if (marked !== undefined && !isExplained && !isSame) {
    return otherAmount(task, marked);
  }
  if (marked !== undefined) {
    return { state: 'standing', receipt: { ...receiptOf(task, marked, {}), isFound: true } };
  }
  return lookalike === undefined && end !== 'too-many' ? { state: 'absent' } : perhapsOurs(task, lookalike);
}

/** Another refund of ours on the same day with the same amount bears its own mark. */
function isAlike({ step }: ExpenseTask, expense: ReadExpense): boolean {
  return (
    expense.spentOn === step.spentOn &&
    expense.amount !== undefined &&
    money.equal(expense.amount, step.amount) &&
    expense.vendor === step.invoiceNumber &&
    !isMarked(expense.notes)
  );
}

function otherAmount({ step }: ExpenseTask, { id, amount, spentOn }: ReadExpense): Standing {
  const shown = amount === undefined ? 'an amount that is not shown' : money.show(amount);
  return {
    state: 'unclear',
    code: 'books-expense-unclear',
    detail: `Expense ${id} of ours stands with another amount than was sent: put it right in FreshBooks, or delete it there to have it made again, then retry`,
    facts: [
      { name: 'In the books', value: `${shown} on ${spentOn}` },
      { name: 'Expense that was sent', value: `${money.show(step.amount)} on ${step.spentOn}` },
    ],
  };
}

function perhapsOurs({ step }: ExpenseTask, expense: ReadExpense | undefined): Standing {
  return {
    state: 'unclear',
    code: 'books-expense-unclear',
    detail:
      expense === undefined
        ? `The expenses around ${step.spentOn} are too many to look through`
        : `Expense ${expense.id} of ${step.spentOn} is like the one to be made and does not carry our mark`,
    facts: [{ name: 'Expense to be made', value: `${money.show(step.amount)} on ${step.spentOn}` }],
  };
}

/** FreshBooks marks look-alikes as duplicates and takes them all the same, so that mark says nothing. */
export async function createExpense(api: Api, task: ExpenseTask): Promise<Receipt> {
  const { step } = task;
  const categoryId = await categoryIdOf(api, step.category);
  const { reply, remarks } = await writeWhatIsTaken(
    api,
    { method: 'post', path: 'expenses/expenses' },
    {
      body: expenseBody(step, categoryId),
      doing: `Creating the expense of ${money.show(step.amount)} for ${step.invoiceNumber}`,
    },
  );
  const { result, answer } = expectDone(reply);
  const expense = expenseIn(result, answer);
  assertOurs(expense.notes, step.reference, answer);
  return receiptOf(task, expense, { answer, remarks });
}

/** Read anew each time: such expenses are rare, and a renamed category must not be missed. */
async function categoryIdOf(api: Api, name: string): Promise<string> {
  const categories = await readExpenseCategories(api);
  const found = categories.filter((category) => category.name.toLowerCase() === name.trim().toLowerCase());
  const [first, second] = found;
  if (first !== undefined && second === undefined) {
    return first.id;
  }
  if (second !== undefined) {
    throw new Failure('books-category-unknown', {
      detail: `FreshBooks has ${found.length} expense categories "${name}": give the one that is meant another name`,
      facts: [{ name: 'Ids', value: found.map(({ id }) => id).join(', ') }],
    });
  }
  const names = categories.slice(0, NAMES_SHOWN).map((category) => category.name);
  throw new Failure('books-category-unknown', {
    detail: `FreshBooks has no expense category "${name}"`,
    facts: [{ name: 'Categories', value: names.join(', ') }],
  });
}

function receiptOf(
  { step }: ExpenseTask,
  expense: ReadExpense,
  { answer, remarks: before = [] }: { readonly answer?: Answer; readonly remarks?: readonly string[] },
): Receipt {
  const amount = answer === undefined ? expense.amount : needAmount(expense.amount, 'the expense', answer);
  const remarks = [
    ...before,
    amount === undefined || money.equal(amount, step.amount)
      ? ''
      : `FreshBooks booked ${money.show(amount)} of the ${step.of ?? 'refund'} of ${money.show(step.amount)}`,
    areTaxesKept(step, expense)
      ? ''
      : `FreshBooks shows other taxes on expense ${expense.id} than were refunded: look at it`,
  ].filter((remark) => remark !== '');
  return {
    externalId: expense.id,
    ...(amount === undefined ? {} : { amount }),
    ...(answer === undefined ? {} : proofOf(answer)),
    ...(remarks.length === 0 ? {} : { remarks }),
  };
}

function areTaxesKept({ taxes, amount }: ExpenseTask['step'], expense: ReadExpense): boolean {
  const isSame = (wanted: Money, shown: Money | undefined): boolean =>
    shown !== undefined && money.equal(wanted, shown);
  return foldTotals(taxes, amount).taxes.every((tax, index) =>
    isSame(tax.charged, expense.taxes[index]?.amount),
  );
}
