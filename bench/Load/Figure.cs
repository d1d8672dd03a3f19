// What a benchmark prints.
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HotStandby.Bench.Load;

/// <summary>One figure. Latencies are in microseconds; null where there are none.</summary>
/// <param name="Name">Of the benchmark.</param>
/// <param name="Value">What was measured.</param>
/// <param name="Unit">Of the value.</param>
/// <param name="P50">Median latency.</param>
/// <param name="P99">99 % were no slower.</param>
/// <param name="P999">99.9 % were no slower.</param>
/// <param name="Settings">Under which conditions.</param>
/// <param name="Observed">What else was seen meanwhile.</param>
internal sealed record Figure(
    string Name, double Value, string Unit, long? P50, long? P99, long? P999, FigureSettings? Settings, Observation? Observed)
{
    /// <summary>Writes it to standard output, as one line.</summary>
    public void Print() => Console.Out.WriteLine(JsonSerializer.Serialize(this, FigureJson.Default.Figure));
}

/// <summary>Conditions of a figure.</summary>
/// <param name="Nodes">Node processes.</param>
/// <param name="InFlight">Calls in flight.</param>
/// <param name="Connections">Over which they were spread.</param>
/// <param name="Batch">Objects of a call; 1 for single calls.</param>
/// <param name="WarmUpSeconds">How long it ran before it was measured.</param>
/// <param name="Seconds">How long it was measured.</param>
/// <param name="Hocon">Settings on top of the defaults.</param>
internal sealed record FigureSettings(
    int Nodes, int InFlight, int Connections, int Batch, double WarmUpSeconds, double Seconds, string Hocon);

/// <summary>What the machine did during the measurement: cores that were busy on average, by whom.</summary>
/// <param name="Operations">Operations that ended in time (an object, or a call with a batch of them).</param>
/// <param name="PrimaryCores">The Primary's process.</param>
/// <param name="StandbyCores">Its Standbys, together.</param>
/// <param name="LoadCores">This process.</param>
/// <param name="OtherCores">All other processes of the machine, by subtraction: above 0.5 or so the figure says little, below 0 the clocks
/// disagree.</param>
internal sealed record Observation(long Operations, double PrimaryCores, double StandbyCores, double LoadCores, double OtherCores);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Figure))]
internal sealed partial class FigureJson : JsonSerializerContext;
