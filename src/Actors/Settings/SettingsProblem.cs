namespace HotStandby.Actors.Settings;

/// <summary>One thing that is wrong, or merely unwise, in a node's configuration.</summary>
/// <param name="Path">The setting, or the file and line.</param>
/// <param name="Value">What was given; null where no value is to blame.</param>
/// <param name="Rule">What is allowed, as the end of a sentence: "must be 1 to 65535".</param>
public sealed record SettingsProblem(string Path, string? Value, string Rule)
{
    /// <inheritdoc/>
    public override string ToString() => Value is null ? $"{Path}: {Rule}" : $"{Path} = {Value}: {Rule}";
}
