/**
 * Bytes that come in pieces, kept in blocks. A piece that is kept by itself costs some hundred bytes beside its own, so who
 * sends single bytes would take hundreds of times the memory that a limit counts.
 */
export interface Gathering {
  /** How many there are. */
  readonly size: number;
  add(piece: Uint8Array): void;
  whole(): Uint8Array<ArrayBuffer>;
}

/** Small beside what a body may take at any rate, and five hundred of them hold the largest. */
const BLOCK_BYTES = 16 * 1024;

export function createGathering(): Gathering {
  const blocks: Uint8Array[] = [];
  let size = 0;
  const blockAt = (index: number): Uint8Array => (blocks[index] ??= new Uint8Array(BLOCK_BYTES));
  return {
    get size() {
      return size;
    },
    add(piece) {
      let rest = piece;
      while (rest.length > 0) {
        const at = size % BLOCK_BYTES;
        const part = rest.subarray(0, BLOCK_BYTES - at);
        blockAt((size - at) / BLOCK_BYTES).set(part, at);
        size += part.length;
        rest = rest.subarray(part.length);
      }
    },
    whole() {
      const whole = new Uint8Array(size);
      blocks.forEach((block, index) => {
        const at = index * BLOCK_BYTES;
        whole.set(block.subarray(0, size - at), at);
      });
      return whole;
    },
  };
}
