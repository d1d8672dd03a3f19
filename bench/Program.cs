// The benchmark program: hands the command line to BenchCommand.
using HotStandby.Bench;

return await BenchCommand.RunAsync(args);
