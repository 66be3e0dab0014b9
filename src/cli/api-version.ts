/**
 * The API that the command line speaks: the newest one whose answers still have what scripts read through --format. 1.52 dropped
 * NetworkSettings.IPAddress and its like from containers, and status, id and from from events.
 */
export const CLI_API_VERSION = "1.51";
