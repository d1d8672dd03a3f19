namespace HotStandby.Mooncake.StructPack;

/// <summary>Whether messages repeat their type. A matter of the sender's build; every receiver takes both.</summary>
public enum StructPackFlavour
{
    /// <summary>Hash only. What this project sends: an answer about one replica takes 79 bytes instead of 139.</summary>
    Plain,
    /// <summary>Hash and the full type literal, as most builds of Mooncake send it.</summary>
    Literal,
}
