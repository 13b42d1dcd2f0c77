/**
 * Whether a request to the API can come from a page of this server, by what browsers say of it and no page can change. The
 * token of a session says the same again; this holds before there is a session, too.
 */
export interface Told {
  readonly isChange: boolean;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly fetchSite: string | undefined;
}

/** Why it cannot; nothing when it can, or when no browser sent it: that has nobody's cookies but its own. */
export function foreignReason(
  { isChange, host, origin, fetchSite }: Told,
  publicUrl: string | undefined,
): string | undefined {
  const own = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
  const known = publicUrl === undefined ? undefined : new URL(publicUrl);
  if (own === undefined || !isOurs(own, known)) {
    return 'The API is not reached by this name: set COUNTERFOIL_PUBLIC_URL to the address that you use';
  }
  // "none" is a person's own doing: the address bar, a bookmark. No page asks so, and nobody changes anything so.
  const sites = isChange ? ['same-origin'] : ['same-origin', 'none'];
  if (fetchSite !== undefined && !sites.includes(fetchSite)) {
    return 'The API is for pages of this server alone';
  }
  // Under the public name only the public address is ours: a page of that name without TLS may be anybody's.
  const isPublic = own.hostname === known?.hostname;
  const origins = [...(isPublic ? [] : [own.origin]), ...(known === undefined ? [] : [known.origin])];
  return origin !== undefined && !origins.includes(origin)
    ? 'The API is for pages of this server alone. Is this one? Set COUNTERFOIL_PUBLIC_URL to its address'
    : undefined;
}

/**
 * A page elsewhere can have its own name lead to this machine, and would then be of the same origin. It cannot with an
 * address, with the name of the machine itself, or with the one that the operator set.
 */
function isOurs({ hostname }: URL, known: URL | undefined): boolean {
  return (
    hostname === 'localhost' ||
    hostname.startsWith('[') ||
    /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ||
    hostname === known?.hostname
  );
}
