/** @module Lists that a server gives in pages. */

/** All pages of a list, requested one after the other. */
export async function* pagesOf<Page extends { readonly next_page_token?: string }>(
  request: (token: string | undefined) => Promise<Page>,
): AsyncGenerator<Page> {
  let token: string | undefined;
  do {
    const page = await request(token);
    yield page;
    token = page.next_page_token || undefined;
  } while (token);
}
