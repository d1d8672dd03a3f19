namespace HotStandby.Actors.Settings;

/// <summary>How a line of the log looks.</summary>
public enum LogFormat
{
    /// <summary>For people.</summary>
    Text,
    /// <summary>A JSON object a line, for programs.</summary>
    Json,
}

/// <summary>The log: <c>hotstandby.log</c>.</summary>
/// <param name="Format">How a line looks.</param>
public sealed record LogSettings(LogFormat Format);
