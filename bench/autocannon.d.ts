/** The part of autocannon that the benchmark uses. */
declare module "autocannon" {
  interface Options {
    url: string;
    connections: number;
    duration: number;
    requests: { method: string; path: string; body: Buffer; headers: Record<string, string> }[];
  }
  interface Result {
    requests: { average: number };
    latency: { p50: number; p99: number };
    errors: number;
    non2xx: number;
  }
  function autocannon(options: Options): Promise<Result>;
  export = autocannon;
}
