/** The release, as `tare --version` and GET /version say it; the same as in package.json. */

export const VERSION = "0.1.0";
