/** @module A real browser for tests of the page: Debian's chromium, driven through puppeteer. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, launch } from "puppeteer-core";
import { sharedDirectory } from "./temporary-directory";

const PLACES = [process.env.HISTO_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program; undefined where there is none. */
function chromiumPath(): string | undefined {
  return PLACES.find((path) => path !== undefined && existsSync(path));
}

/** For `test(name, { skip: withoutChromium() }, ...)`: why the test cannot run here, or false. */
export function withoutChromium(): string | false {
  return chromiumPath() === undefined && "no chromium here (apt-get install chromium, or HISTO_CHROMIUM)";
}

/** What a person has chosen in the settings: that sites may keep nothing. */
const KEEPS_NOTHING = { profile: { default_content_setting_values: { cookies: 2 } } };

/**
 * Starts a browser with an empty profile; `close` ends it and removes the profile.
 * @param keepsNothing its settings forbid sites to store anything, as in some private windows
 */
export async function startBrowser({
  keepsNothing = false,
} = {}): Promise<{ browser: Browser; close(): Promise<void> }> {
  const userDataDir = sharedDirectory();
  if (keepsNothing) {
    await mkdir(join(userDataDir, "Default"), { recursive: true });
    await writeFile(join(userDataDir, "Default", "Preferences"), JSON.stringify(KEEPS_NOTHING));
  }
  const browser = await launch({
    executablePath: chromiumPath() as string,
    headless: true,
    userDataDir,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
    ],
  });
  return {
    browser,
    async close() {
      await browser.close();
    },
  };
}
