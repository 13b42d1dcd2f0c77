/** Where `npm run schema` puts Shopify's published schema, and where the wire test looks for it. Not committed (13 MB package). */
export const SCHEMA_PACKAGE = '@shopify/dev-mcp@1.16.0';
export const SCHEMA_FILE = 'admin_2026-10.json.gz';
export const SCHEMA_FOLDER = new URL('../../node_modules/.cache/counterfoil/', import.meta.url);
