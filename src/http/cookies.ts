/** Cookies that only this server reads and only its own pages send. */
export interface Cookies {
  /** Nothing when it was not sent, or more than once: another host may have planted one of them. */
  read(header: string | undefined): string | undefined;
  /** Without an age it goes when the browser is closed. */
  set(value: string, options?: { readonly maxAgeS?: number }): string;
  clear(): string;
}

/** Over TLS the name itself has browsers refuse one that another host or a page without TLS sets. */
export function cookiesOf(name: string, isHttps: boolean): Cookies {
  const full = isHttps ? `__Host-${name}` : name;
  const attributes = ['Path=/', 'HttpOnly', 'SameSite=Strict', ...(isHttps ? ['Secure'] : [])];
  return {
    read(header = '') {
      const [value, ...more] = header
        .split(';')
        .map((pair) => pair.trim())
        .flatMap((pair) => (pair.startsWith(`${full}=`) ? [pair.slice(full.length + 1)] : []));
      return more.length === 0 && value !== '' ? value : undefined;
    },
    set: (value, { maxAgeS } = {}) =>
      [`${full}=${value}`, ...attributes, ...(maxAgeS === undefined ? [] : [`Max-Age=${maxAgeS}`])].join(
        '; ',
      ),
    clear: () => [`${full}=`, ...attributes, 'Max-Age=0'].join('; '),
  };
}
