namespace HotStandby.Bench.Load;

/// <summary>What the command line says about the load.</summary>
/// <param name="Measured">How long each figure is measured.</param>
/// <param name="InFlight">Calls in flight, one figure each; empty: the benchmark's own choice.</param>
/// <param name="Nodes">1 or 3.</param>
/// <param name="ExtraHocon">Settings of every node on top of the defaults.</param>
/// <param name="WarmUpFor">How long a closed loop runs before it is measured; null: until its rate is steady.</param>
internal sealed record LoadSettings(TimeSpan Measured, int[] InFlight, int Nodes, string ExtraHocon, TimeSpan? WarmUpFor = null)
{
    /// <summary>Most calls in flight.</summary>
    public const int MaximumInFlight = 4096;

    /// <summary>Most objects that a cluster is filled with: three nodes of them take some 15 GB of memory.</summary>
    public const int MaximumObjects = 10_000_000;

    /// <summary>Objects of one batch call.</summary>
    public const int BatchObjects = 128;

    /// <summary>Size of every object. It takes address space only: nobody writes a byte.</summary>
    public const ulong ObjectBytes = 1 << 20;

    /// <summary>Most connections to the Primary; the calls in flight are spread over them.</summary>
    public const int MaximumConnections = 4;

    /// <summary>Before a measurement that is no closed loop, on the same cluster: compilation and growth of buffers.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    /// <summary>Objects in the cluster, one figure each; empty: the benchmark's own choice.</summary>
    public int[] Objects { get; init; } = [];

    /// <summary>The numbers of objects to measure with.</summary>
    public int[] ObjectsOr(params int[] own) => Objects.Length > 0 ? Objects : own;

    /// <summary>The numbers of calls in flight to measure.</summary>
    public int[] InFlightOr(params int[] own) => InFlight.Length > 0 ? InFlight : own;
}
